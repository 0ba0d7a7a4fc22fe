"""How the weights that come with callkit were made: run by hand, needs training data that is not in the project."""
