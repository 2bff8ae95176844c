"""The plugins: a package whose modules are looked for in the folder of plugins."""
