"""What others offer for one of callkit's tasks, as they ship it, for `callkit bench --against`. Extra `bench`."""
