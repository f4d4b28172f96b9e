"""The faces of the assistant: the patient API and page, the staff pages, health."""
