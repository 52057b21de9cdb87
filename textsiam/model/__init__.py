"""What production loads: configuration, encoders, pair heads, calibration, PairModel, model folder; no torch."""
