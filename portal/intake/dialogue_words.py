"""Words of a conversation by messages, in the languages the portal speaks; and the words people steer it by."""

from __future__ import annotations

from portal.catalogue.definitions import Catalogue
from portal.catalogue.languages import say
from portal.catalogue.words import tokens

_SAYS: dict[str, dict[str, str]] = {
    "welcome": {
        "en": "Tell us in a few words what it is about.",
        "fr": "Dites-nous en quelques mots de quoi il s'agit.",
        "es": "Cuéntenos en pocas palabras de qué se trata.",
        "ar": "أخبرنا في بضع كلمات عن الموضوع.",
    },
    "choose": {
        "en": "What is it about? Send a number.\n{list}\n0 Something else: people will find the right door.",
        "fr": "De quoi s'agit-il ? Envoyez un numéro.\n{list}\n0 Autre chose : quelqu'un trouvera le bon service.",
        "es": "¿De qué se trata? Envíe un número.\n{list}\n0 Otra cosa: alguien encontrará el servicio adecuado.",
        "ar": "ما الموضوع؟ أرسل رقمًا.\n{list}\n0 شيء آخر: سيجد موظفونا الجهة المناسبة.",
    },
    "about": {"en": "{service}.", "fr": "{service}.", "es": "{service}.", "ar": "{service}."},
    "steer": {
        "en": "(BACK, RESTART, HELP, STOP)",
        "fr": "(RETOUR, RECOMMENCER, AIDE, STOP)",
        "es": "(ATRAS, REINICIAR, AYUDA, STOP)",
        "ar": "(رجوع، من جديد، مساعدة، STOP)",
    },
    "number": {"en": "Send a number:", "fr": "Envoyez un numéro :", "es": "Envíe un número:", "ar": "أرسل رقمًا:"},
    "numbers": {
        "en": "Send one or more numbers, with commas:",
        "fr": "Envoyez un ou plusieurs numéros, séparés par des virgules :",
        "es": "Envíe uno o varios números, separados por comas:",
        "ar": "أرسل رقمًا أو أكثر مفصولة بفواصل:",
    },
    "yes-no": {"en": "YES or NO?", "fr": "OUI ou NON ?", "es": "¿SÍ o NO?", "ar": "نعم أم لا؟"},
    "date": {
        "en": "Send day, month and year, such as 27 3 2026.",
        "fr": "Envoyez jour, mois et année, par exemple 27 3 2026.",
        "es": "Envíe día, mes y año, por ejemplo 27 3 2026.",
        "ar": "أرسل اليوم والشهر والسنة، مثل 27 3 2026.",
    },
    "optional": {"en": "Send - to leave it out.", "fr": "Envoyez - pour passer.", "es": "Envíe - para omitirlo.", "ar": "أرسل - للتخطي."},
    "check": {
        "en": "Please read it over:\n{list}\nYES to send it, BACK to change it.",
        "fr": "Relisez :\n{list}\nOUI pour envoyer, RETOUR pour corriger.",
        "es": "Revíselo:\n{list}\nSÍ para enviarlo, ATRAS para cambiarlo.",
        "ar": "راجع من فضلك:\n{list}\nنعم للإرسال، رجوع للتعديل.",
    },
    "sent": {
        "en": "We have your request. Reference {reference}, secret code {secret}: keep both, nobody else can see them.",
        "fr": "Nous avons votre demande. Référence {reference}, code secret {secret} : gardez les deux, personne d'autre ne les voit.",
        "es": "Tenemos su solicitud. Referencia {reference}, código secreto {secret}: guarde ambos, nadie más los ve.",
        "ar": "وصلنا طلبك. الرقم المرجعي {reference} والرمز السري {secret}: احتفظ بهما، فلا يراهما أحد غيرك.",
    },
    "look": {"en": "See where it stands: {link}", "fr": "Où en est-elle : {link}", "es": "Vea su estado: {link}", "ar": "تابع طلبك: {link}"},
    "nothing-back": {
        "en": "There is nothing before this.",
        "fr": "Il n'y a rien avant.",
        "es": "No hay nada antes de esto.",
        "ar": "لا يوجد شيء قبل هذا.",
    },
    "again": {"en": "We begin anew.", "fr": "Nous recommençons.", "es": "Empezamos de nuevo.", "ar": "نبدأ من جديد."},
    "help": {
        "en": "One door to every public service. {contact} In danger call {emergency}. RESTART begins anew, STOP ends all messages. Your reference and secret "
        "code show where a request stands: {link}",
        "fr": "Une seule porte pour tous les services publics. {contact} En cas de danger, appelez le {emergency}. RECOMMENCER repart de zéro, STOP arrête "
        "tous les messages. Votre référence et votre code secret montrent où en est une demande : {link}",
        "es": "Una sola puerta para todos los servicios públicos. {contact} En caso de peligro llame al {emergency}. REINICIAR empieza de nuevo, STOP detiene "
        "todos los mensajes. Su referencia y su código secreto muestran el estado de una solicitud: {link}",
        "ar": "باب واحد لكل الخدمات العامة. {contact} عند الخطر اتصل بالرقم {emergency}. «من جديد» للبدء مجددًا، وSTOP لإيقاف كل الرسائل. "
        "رقمك المرجعي ورمزك السري يبيّنان أين وصل الطلب: {link}",
    },
    "stopped": {
        "en": "You will get no more messages from us. START takes that back.",
        "fr": "Vous ne recevrez plus de messages de notre part. START pour les recevoir à nouveau.",
        "es": "No recibirá más mensajes nuestros. START para volver a recibirlos.",
        "ar": "لن تصلك رسائل أخرى منا. أرسل START لاستئنافها.",
    },
    "started": {
        "en": "You will get messages from us again.",
        "fr": "Vous recevrez à nouveau nos messages.",
        "es": "Volverá a recibir nuestros mensajes.",
        "ar": "ستصلك رسائلنا من جديد.",
    },
    "waiting": {
        "en": "Are you still there? What you sent is kept until tomorrow: answer to go on, RESTART to begin anew.",
        "fr": "Êtes-vous toujours là ? Ce que vous avez envoyé est gardé jusqu'à demain : répondez pour continuer, RECOMMENCER pour repartir de zéro.",
        "es": "¿Sigue ahí? Lo que envió se guarda hasta mañana: responda para continuar, REINICIAR para empezar de nuevo.",
        "ar": "هل ما زلت معنا؟ نحتفظ بما أرسلته حتى الغد: أجب للمتابعة، أو أرسل «من جديد» للبدء مجددًا.",
    },
    "several-subject": {
        "en": "We could not take your mail",
        "fr": "Nous n'avons pas pu prendre votre message",
        "es": "No pudimos aceptar su correo",
        "ar": "لم نتمكن من استلام رسالتك",
    },
    "several": {
        "en": "Your mail names several senders, so we cannot know whom to answer. Please send it again from one address. It is kept, and people look at it.",
        "fr": "Votre message indique plusieurs expéditeurs ; nous ne savons pas à qui répondre. Renvoyez-le "
        "depuis une seule adresse. Il est conservé et sera lu.",
        "es": "Su correo indica varios remitentes y no sabemos a quién responder. Envíelo de nuevo desde una sola dirección. Se conserva y alguien lo leerá.",
        "ar": "تذكر رسالتك أكثر من مرسل، فلا نعرف لمن نرد. أعد إرسالها من عنوان واحد من فضلك. وهي محفوظة وسيطّلع عليها موظفونا.",
    },
    "files": {
        "en": "Pictures cannot be taken by text message yet; describe it in words.",
        "fr": "Les images ne peuvent pas encore être reçues par SMS ; décrivez avec des mots.",
        "es": "Todavía no podemos recibir imágenes por SMS; descríbalo con palabras.",
        "ar": "لا يمكننا استلام الصور برسالة نصية بعد؛ صِفها بالكلمات.",
    },
}
#: Word -> what it steers; folded as tokens are. The carriers' own words for silence come first.
_STEERS = {
    "stop": ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "arret", "arreter", "baja", "parar", "توقف", "ايقاف"),
    "start": ("start", "unstop", "commencer", "alta", "ابدا"),
    "help": ("help", "info", "aide", "ayuda", "مساعده", "مساعدة"),
    "back": ("back", "retour", "atra", "atras", "رجوع"),
    "restart": ("restart", "recommencer", "reiniciar", "من جديد"),
}
#: What a language is called, by itself or after one of the words for it.
_LANGUAGES = {
    "en": ("english", "anglais", "inglés", "الإنجليزية", "en"),
    "fr": ("french", "français", "francés", "الفرنسية", "fr"),
    "es": ("spanish", "espagnol", "español", "الإسبانية", "es"),
    "ar": ("arabic", "arabe", "árabe", "العربية", "عربي", "ar"),
}
_SAYING = ("language", "langue", "idioma", "lengua", "لغه", "لغة", "اللغة", "اللغه")
#: Small words by which a language gives itself away.
_TELLING = {
    "fr": "le la les un une des dans rue est il y je au du devant chez mon ma pas bonjour et avec ne plus",
    "es": "el la los las un una en calle hay mi no hola con delante del por que esta y se muy de",
    "en": "the a an is in of my there on at and street with hello i it to not no has",
}


def told(name: str, language: str, **values: str) -> str:
    """One of the words, filled in."""
    return say(_SAYS[name], language).format(**values)


def steered(words: str) -> str | None:
    """`stop`, `start`, `help`, `back`, `restart`; None where the message is something else."""
    found = " ".join(tokens(words))
    return next((name for name, known in _STEERS.items() if found and found in {" ".join(tokens(one)) for one in known}), None)


def language_named(words: str, *, alone: bool) -> str | None:
    """The language somebody asks for: `LANGUAGE fr`; or, where nothing else can be meant (`alone`), its bare name."""
    found = tokens(words)
    if found and found[0] in {"".join(tokens(one)) for one in _SAYING}:
        found = found[1:]
    elif not alone:
        return None
    if len(found) != 1:
        return None
    return next((code for code, names in _LANGUAGES.items() if found[0] in {"".join(tokens(one)) for one in names}), None)


def language_of(words: str, otherwise: str, catalogue: Catalogue) -> str:
    """The language a sentence is written in, as far as its script, its small words and the words of services in each language tell."""
    if any("\u0600" <= letter <= "\u06ff" for letter in words):
        return "ar"
    found = tokens(words)
    known = _vocabulary(catalogue)
    ranked = sorted(((sum(word in known[code] for word in found), code == otherwise, code) for code in _TELLING), reverse=True)
    return ranked[0][2] if ranked[0][0] > 0 else otherwise


_last: tuple[Catalogue, dict[str, set[str]]] | None = None


def _vocabulary(catalogue: Catalogue) -> dict[str, set[str]]:
    """Small words, and those of titles and synonyms, of each language; of the last catalogue asked about."""
    global _last
    if _last is None or _last[0] is not catalogue:
        found = {code: set(words.split()) for code, words in _TELLING.items()}
        for code, words in found.items():
            for service in catalogue.services.values():
                for text in (service.title.get(code, ""), *service.synonyms.get(code, ())):
                    words.update(tokens(text))
        _last = (catalogue, found)
    return _last[1]
