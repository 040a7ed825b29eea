"""Tests of Occupancy Prediction."""
