SELECT a.id, b.ta™s FROM input a JOIN otheÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿr b ON  b.id WHERE a.v > 1 AND b.id < 8 ORDER BY 1 NULLS 3
