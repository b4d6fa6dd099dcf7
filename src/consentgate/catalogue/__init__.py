"""What a site declares: categories, cookies, lifetimes, and the files they are written in."""
