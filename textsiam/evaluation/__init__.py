"""What proves a model: metrics, curves, the evaluation of a model on pairs."""
