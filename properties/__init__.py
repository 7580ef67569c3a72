"""The oracle: captures, subjects, the solver layer, one file per property, and the campaign that runs them."""
