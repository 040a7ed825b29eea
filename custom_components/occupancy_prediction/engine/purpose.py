"""What a room is for, guessed from its name.

Only the forecasts of the first days lean on it, so a wrong guess costs little, and
"other" is an answer.
"""

from enum import StrEnum
import re
import unicodedata


class Purpose(StrEnum):
    """What people use a room for."""

    BEDROOM = "bedroom"
    KITCHEN = "kitchen"
    BATHROOM = "bathroom"
    LIVING = "living"
    HALL = "hall"
    OFFICE = "office"
    OTHER = "other"


# Words without accents, in English, German, French, Spanish, Italian, Dutch and
# Polish. A star stands for the rest of a word, at either end. The first purpose with
# a word in the name wins: "salle de bain" is no "salle", a "bureau chambre" a bedroom.
_WORDS: dict[Purpose, str] = {
    Purpose.BATHROOM: """
        bath* shower* toilet* wc lavator* washroom restroom ensuite powder
        *bad badezimmer badkamer *dusche klo gaste-wc waschraum
        *bain bains douche toilettes sanitaire
        bano banos aseo aseos ducha bagn* doccia gabinetto servizi
        lazienk* toaleta prysznic ubikacja
        """,
    Purpose.BEDROOM: """
        *bedroom bed sleep* nursery kids* child* guestroom
        schlaf* kinder* gastezimmer
        chambre chambres dodo enfant* dormitorio* habitacion* cuarto alcoba
        letto cameretta matrimoniale *slaapkamer kinderkamer
        sypialn* pokoj-dziecka dzieci* goscinny
        """,
    Purpose.KITCHEN: """
        kitchen* dining* pantry kuche* kuchen* esszimmer essecke wohnkuche
        cuisine manger cocina* comedor cucina pranzo *keuken eetkamer
        kuchni* jadaln*
        """,
    Purpose.OFFICE: """
        office* study workroom den arbeits* buro* homeoffice bureau travail
        oficina despacho estudio ufficio studio kantoor werkkamer studeerkamer
        biuro gabinet pracown*
        """,
    Purpose.LIVING: """
        living* lounge family sitting tv media wohn* stube fernseh*
        salon sejour sala salita estar soggiorno salotto woonkamer zitkamer
        pokoj-dzienny goscinnym dzienny
        """,
    Purpose.HALL: """
        hall* *hallway corridor entr* foyer landing stair* porch lobby
        flur* diele* gang eingang* treppe* windfang couloir palier escalier*
        pasillo recibidor escalera* ingresso corridoio atrio scala scale
        gang overloop trap korytarz* przedpokoj* schody hol
        """,
}


def _pattern(word: str) -> str:
    # A star at the front matches a compound's end, at the end its beginning.
    middle = re.escape(word.strip("*")).replace(r"\-", " ")
    front = r"\b\w*" if word.startswith("*") else r"\b"
    return front + middle + (r"\w*\b" if word.endswith("*") else r"\b")


_PATTERNS = {
    purpose: re.compile("|".join(_pattern(word) for word in words.split()))
    for purpose, words in _WORDS.items()
}


def purpose_of(name: str) -> Purpose:
    """Guess from a room's name what it is for."""
    folded = unicodedata.normalize("NFKD", name.casefold().replace("ł", "l"))
    plain = re.sub(r"[^a-z]+", " ", "".join(c for c in folded if c.isascii()))
    for purpose, pattern in _PATTERNS.items():
        if pattern.search(plain):
            return purpose
    return Purpose.OTHER
