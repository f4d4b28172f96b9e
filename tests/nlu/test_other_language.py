"""Messages in other languages: recognised, their danger signs read, answered with the numbers and a person (ruling 24)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from aftercare.answers import Answer, Turn, compose
from aftercare.conversation.screen import RedFlagScreen
from aftercare.knowledge import Clinic, KnowledgeBase
from aftercare.nlu.intent_classifier import INTENT_RANKING, QUESTIONS
from aftercare.nlu.language_check import OTHER_LANGUAGE, LanguageCheck
from aftercare.triage import Reader, Reading, Report
from aftercare.triage.other_language import UNNAMED

OTHERS = [
    ("se me ha puesto la barbilla como un tomate", "es"),
    ("je ne sais pas quoi mettre ce soir", "fr"),
    ("soll ich heute noch etwas auftragen", "de"),
    ("non so quando posso uscire al sole", "it"),
    ("acordei com a testa toda vermelha", "pt"),
    ("co mam teraz robic z ta skora", "pl"),
    ("nu stiu ce sa fac cu pielea mea", "ro"),
    ("yuzum hala kirmizi ne yapmam lazim", "tr"),
    ("hindi ko alam kung ano ang dapat gawin", "tl"),
    ("toi khong biet phai boi gi len mat", "vi"),
    ("saya tidak tahu harus pakai apa malam ini", "id"),
    ("sijui nifanye nini na uso wangu leo", "sw"),
    ("mujhe samajh nahi aa raha kya karun", "hi-Latn"),
    ("meri gaal pe bohat khujli hai", "hi-Latn"),
    ("mo fe mo igba ti oju mi maa da", "yo"),
    ("ban san me zan yi da fuska ta ba", "ha"),
    ("لا أعرف ماذا أضع على وجهي", "ar"),
    ("سمجھ نہیں آ رہا کیا لگاؤں", "ur"),
    ("मुझे समझ नहीं आ रहा", "hi"),
    ("不知道该涂什么", "zh"),
    ("не знаю чем мазать лицо", "ru"),
    ("не знаю, чим мастити шкіру обличчя", "uk"),
    ("何を塗ればいいですか", "ja"),
    ("ni wn i beth i roi ar fy nghroen", UNNAMED),
    ("hi there, no se si puedo ponerme la crema de siempre o es mejor esperar", "es"),
]

ENGLISH = [
    "is my fase ment to be dis red",
    "cn i put cerave on 2nite plz",
    "mi cheek dem a peel off, a suh it go?",
    "abeg wetin i go rub for this my face wey dey scratch",
    "ma chin's pure itchy so it is",
    "ate says no makeup po, is she right?",
    "inshallah it heals by friday, can i fast",
    "mija said use aloe vera, yes or no",
    "Nkechi Adeyemi, done by Dr Szymanski on Monday",
    "erythema, mild oedema, no pruritus",
    "La Roche-Posay Cicaplast Baume or Avene Cicalfate?",
    "squalane panthenol bisabolol ok?",
    "sdkfj wpoeir mxncb",
    "no no no",
    "hola",
    "ok (ツ)",
    "38.2",
    "🙂🙂🙂",
    "",
]


@pytest.mark.parametrize(("text", "code"), OTHERS)
def test_another_language_is_recognised(text: str, code: str, reader: Reader) -> None:
    assert reader.read(text).language in (code, UNNAMED)


def test_most_languages_are_named(reader: Reader) -> None:
    named = [reader.read(text).language == code for text, code in OTHERS]
    assert sum(named) >= 0.8 * len(OTHERS)


@pytest.mark.parametrize("text", ENGLISH)
def test_english_of_every_kind_stays_english(text: str, reader: Reader) -> None:
    assert reader.read(text).language is None


@pytest.mark.parametrize(
    ("text", "item", "assertion"),
    [
        ("casi no puedo respirar desde hace un rato", "breathing_trouble", "present"),
        ("ich kriege kaum noch luft seit der creme", "breathing_trouble", "present"),
        ("ciezko mi sie oddycha od godziny", "breathing_trouble", "present"),
        ("mujhe saans lene me mushkil ho rahi hai", "breathing_trouble", "present"),
        ("我觉得呼吸很困难", "breathing_trouble", "present"),
        ("no tengo dificultad para respirar", "breathing_trouble", "negated"),
        ("ma langue est gonflee depuis midi", "mouth_swelling", "present"),
        ("a minha lingua esta a ficar inchada", "mouth_swelling", "present"),
        ("dudaklarim bir anda sisti korkuyorum", "mouth_swelling", "present"),
        ("mio marito ha la febbre da stamattina", "fever", "present"),
        ("ich habe kein fieber und keine schmerzen", "fever", "negated"),
        ("atesim yok ama yuzum kirmizi", "fever", "negated"),
        ("yanagimdan irin geliyor ne yapayim", "pus", "present"),
    ],
)
def test_danger_signs_in_other_languages(text: str, item: str, assertion: str, reader: Reader) -> None:
    found = {f.item: f.assertion for f in reader.read(text).findings}
    assert found.get(item) == assertion


def test_words_of_other_languages_mean_nothing_in_english(reader: Reader) -> None:
    assert not reader.read("my friend Ropa from Homa Bay made aire fresco lip balm").findings


def test_slips_are_not_looked_for_in_another_language(reader: Reader) -> None:
    """ "piel" is no slip of "peel" where the message is Spanish."""
    assert {f.item for f in reader.read("tengo la piel de la frente muy suave").findings} == set()


def test_the_language_is_an_entity_and_a_reading_again(reader: Reader) -> None:
    reading = reader.read("je ne sais pas quoi mettre ce soir")
    assert Reading.from_entities(reading.text, reading.entities()) == reading


@pytest.fixture
def answer(reader: Reader, knowledge: KnowledgeBase, clinic: Clinic, now: datetime) -> Callable[[str, str], Answer]:
    def ask(text: str, intent: str) -> Answer:
        return compose(Turn(text, intent, (intent,), reader.read(text), Report(), now), knowledge, clinic)

    return ask


def test_the_reply_has_the_number_a_person_and_a_line_in_the_language(answer: Any, clinic: Clinic) -> None:
    given = answer("je ne sais pas quoi mettre ce soir", "what_to_apply")
    reply = given.replies[0]
    assert (given.tier, given.handoff, reply.kind) == ("soon", "other_language", "out_of_scope")
    assert reply.text.startswith(f"Emergency: {clinic.emergency_number}.")
    assert reply.text.endswith(f"En cas d'urgence, appelez le {clinic.emergency_number}.")


def test_an_expected_sign_does_not_hide_the_language(answer: Any) -> None:
    given = answer("meine wange ist rot und voller bumps seit gestern", "is_normal")
    assert (given.tier, given.handoff) == ("soon", "other_language")


def test_a_danger_sign_counts_and_has_the_line_too(answer: Any, clinic: Clinic) -> None:
    given = answer("il y a du pus qui coule de ma joue", "report")
    assert (given.tier, given.handoff) == ("urgent", "flag")
    assert given.replies[0].text.endswith(f"appelez le {clinic.emergency_number}.")


def test_a_language_without_a_line_gets_the_english_reply(answer: Any) -> None:
    given = answer("ni wn i beth i roi ar fy nghroen", "nlu_fallback")
    assert given.handoff == "other_language"
    assert "\n" not in given.replies[0].text


def test_the_screen_answers_an_emergency_in_the_language(
    reader: Reader, knowledge: KnowledgeBase, clinic: Clinic, now: datetime
) -> None:
    outcome = RedFlagScreen(reader, knowledge, clinic)("nie moge oddychac pomocy", None, now)
    assert outcome is not None
    assert outcome.replies[0].text.startswith(f"Call {clinic.emergency_number} now.")
    assert "zadzwoń" in outcome.replies[0].text


def test_every_line_names_the_number_once(knowledge: KnowledgeBase, clinic: Clinic) -> None:
    lines = [one.line.format_map(clinic.numbers()) for one in knowledge.languages.spoken.values() if one.line]
    assert len(lines) > 20
    assert all(line.count(clinic.emergency_number) == 1 for line in lines)


def checked(
    text: str, language: str | None, *intents: str, storage: LocalModelStorage, context: ExecutionContext
) -> Message:
    ranking = [{"name": name, "confidence": 0.9 - 0.3 * place} for place, name in enumerate(intents)]
    entities = [{"entity": "language", "value": language}] if language else []
    message = Message(
        {TEXT: text, ENTITIES: entities, INTENT: ranking[0], INTENT_RANKING: ranking, QUESTIONS: ranking[:1]}
    )
    component = LanguageCheck.create({}, storage, Resource("language"), context)
    return component.process([message])[0]


@pytest.mark.parametrize(
    ("text", "language", "intents", "first"),
    [
        ("mam pytanie o krem na noc", "pl", ("can_i", OTHER_LANGUAGE), OTHER_LANGUAGE),
        ("mi skin a bun mi bad", None, (OTHER_LANGUAGE, "report"), "report"),
        ("hola buenos dias", "es", ("greet", OTHER_LANGUAGE), "greet"),
        ("口が腫れて苦しい", "ja", ("thanks", OTHER_LANGUAGE), OTHER_LANGUAGE),
        ("maquillaje mañana", None, (OTHER_LANGUAGE, "can_i"), OTHER_LANGUAGE),
        ("can i wear makeup", None, ("can_i", OTHER_LANGUAGE), "can_i"),
    ],
)
def test_the_words_decide_the_intent(
    text: str,
    language: str | None,
    intents: tuple[str, ...],
    first: str,
    storage: LocalModelStorage,
    context: ExecutionContext,
) -> None:
    message = checked(text, language, *intents, storage=storage, context=context)
    assert message.get(INTENT)["name"] == first
    assert message.get(INTENT_RANKING)[0]["name"] == first
    assert all(question["name"] == first for question in message.get(QUESTIONS))
