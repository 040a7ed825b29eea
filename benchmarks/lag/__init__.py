"""What Home Assistant feels of a training, and what a killed one leaves behind."""
