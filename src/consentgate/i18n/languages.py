"""The own names of languages, for links to a page in another language."""

_NAMES = {
    "ar": "العربية",
    "bg": "Български",
    "br": "Brezhoneg",
    "ca": "Català",
    "co": "Corsu",
    "cs": "Čeština",
    "cy": "Cymraeg",
    "da": "Dansk",
    "de": "Deutsch",
    "el": "Ελληνικά",
    "en": "English",
    "es": "Español",
    "et": "Eesti",
    "eu": "Euskara",
    "fa": "فارسی",
    "fi": "Suomi",
    "fr": "Français",
    "ga": "Gaeilge",
    "gl": "Galego",
    "he": "עברית",
    "hr": "Hrvatski",
    "hu": "Magyar",
    "is": "Íslenska",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "lb": "Lëtzebuergesch",
    "lt": "Lietuvių",
    "lv": "Latviešu",
    "mt": "Malti",
    "nb": "Norsk bokmål",
    "nl": "Nederlands",
    "nn": "Norsk nynorsk",
    "oc": "Occitan",
    "pl": "Polski",
    "pt": "Português",
    "ro": "Română",
    "ru": "Русский",
    "sk": "Slovenčina",
    "sl": "Slovenščina",
    "sq": "Shqip",
    "sr": "Српски",
    "sv": "Svenska",
    "tr": "Türkçe",
    "uk": "Українська",
    "zh": "中文",
}


def name_of(language: str) -> str:
    """Return the own name of a language; its code if the name is not known.

    >>> name_of("fr"), name_of("pt-BR"), name_of("tlh")
    ('Français', 'Português (BR)', 'tlh')
    """
    general, _, region = language.partition("-")
    name = _NAMES.get(general)
    if name is None:
        return language
    return f"{name} ({region})" if region else name
