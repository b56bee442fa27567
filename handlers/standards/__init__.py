"""Service standards at work: clocks of cases, who hears when it gets late, and what customers are told of time."""
