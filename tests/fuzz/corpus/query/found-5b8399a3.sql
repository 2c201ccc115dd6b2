SELECT id FROM input PIVOT v(Snput.id)
