SELECT id  WEHRE v d)
