"""The declarations of a site: categories, cookies, lifetimes, and the files they are written in."""
