"""Small real trainings, one a file. ``make(seed)`` gives the optimizer, ``loss_of(step)`` on a batch of that step, and
``evaluate()``: a positive loss on data that is not trained on, whose zero means a perfect model."""
