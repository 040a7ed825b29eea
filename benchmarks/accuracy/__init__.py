"""How good the forecasts are: on real homes, beside simple ways to forecast.

One replay per home and training length writes down what every member said
(``recording``); what came is told by the events alone (``truth``); everything else
is computed from the two. The baselines and scores here are written apart from the
engine, so that a mistake there does not hide itself.
"""
