// The print button of the copy. Without script the browser's own menu prints it.
const print = document.getElementById("print");
print.hidden = false;
print.addEventListener("click", () => window.print());
