"""The methods, one file a family; none imports another."""
