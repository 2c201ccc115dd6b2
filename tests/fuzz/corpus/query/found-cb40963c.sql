SELECT a.id, b.tags FROM na.id, b.ÿÿÿa.id ,b.4ags FROM na.id, bMIT 3
