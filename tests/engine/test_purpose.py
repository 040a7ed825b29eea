"""Tests of what a room is for, by its name."""

import pytest

from custom_components.occupancy_prediction.engine.purpose import Purpose, purpose_of

NAMES = {
    Purpose.BEDROOM: (
        *("Bedroom", "master_bedroom", "Guest Bedroom 2", "Kids' room", "Nursery"),
        *("Schlafzimmer", "Kinderzimmer", "Chambre d'amis", "Chambre des enfants"),
        *("Dormitorio", "Habitación principal", "Camera da letto", "Cameretta"),
        *("Slaapkamer", "Kinderkamer", "Sypialnia", "Pokój dziecka"),
    ),
    Purpose.KITCHEN: (
        *("Kitchen", "kitchen_2", "Dining room", "Küche", "Wohnküche", "Esszimmer"),
        *("Cuisine", "Salle à manger", "Cocina", "Comedor", "Cucina"),
        *("Sala da pranzo", "Keuken", "Kuchnia", "Jadalnia"),
    ),
    Purpose.BATHROOM: (
        *("Bathroom", "bath", "Toilet", "WC", "Shower room", "Guest-WC", "Bad"),
        *("Gästebad", "Badezimmer", "Salle de bain", "Toilettes", "Baño", "Aseo"),
        *("Bagno", "Badkamer", "Łazienka", "Toaleta"),
    ),
    Purpose.LIVING: (
        *("Living room", "livingroom", "Lounge", "TV room", "Family room"),
        *("Wohnzimmer", "Salon", "Séjour", "Sala de estar", "Soggiorno", "Salotto"),
        *("Woonkamer", "Pokój dzienny"),
    ),
    Purpose.HALL: (
        *("Hall", "Hallway", "Entrance", "Corridor", "Stairs", "Upstairs landing"),
        *("Flur", "Diele", "Treppenhaus", "Couloir", "Entrée", "Pasillo", "Entrada"),
        *("Ingresso", "Corridoio", "Overloop", "Przedpokój", "Korytarz"),
    ),
    Purpose.OFFICE: (
        *("Office", "Home office", "Study", "Arbeitszimmer", "Büro", "Bureau"),
        *("Oficina", "Despacho", "Ufficio", "Studio", "Kantoor", "Werkkamer"),
        *("Biuro", "Gabinet"),
    ),
    Purpose.OTHER: (
        *("", "123", "Garage", "Keller", "Attic", "Abadan", "Challenge", "Trapeze"),
        *("Student", "寝室", "room_1"),
    ),
}


@pytest.mark.parametrize(
    ("name", "purpose"),
    [(name, purpose) for purpose, names in NAMES.items() for name in names],
)
def test_purpose_of(name: str, purpose: Purpose) -> None:
    """In seven languages; what is not understood is something else."""
    assert purpose_of(name) is purpose
    assert purpose_of(name.upper().replace(" ", "_")) is purpose
