"""What proves a model: metrics, intervals, curves, the evaluation of a model on pairs."""
