"""One class of control a kind of parameter, and forms that are made of a model's fields."""
