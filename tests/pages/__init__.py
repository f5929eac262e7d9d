"""The pages people see, as a browser asks for them."""
