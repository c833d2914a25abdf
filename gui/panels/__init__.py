"""Parts of a view: each shows the state that it is given and asks the document for changes."""
