"""What the devices run, pure: chunks of steps, steps of blocks, gradients and updates of rows."""
