"""How fast forecasts are right again after life has changed."""
