"""What makes a model, in torch: collator, sampler, modules, losses, loop, checkpoints."""
