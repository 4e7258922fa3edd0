"""Words that a picture or a page could take for something else."""

STRANGE = ("</script><b>x", "$x^2$", "a_b", "naïve", "&amp;", '"q"')
