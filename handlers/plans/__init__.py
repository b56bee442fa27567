"""The care plan as it is checked, put in force, said in words and written down."""
