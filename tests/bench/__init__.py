"""`make bench`: the product beside its peers and limits, side by side in one run. Rates swing with the machine: only ratios of one run count."""
