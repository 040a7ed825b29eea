"""Tests of the engine; they run without Home Assistant."""
