SELECT id, (SELECT COUNT(*) FROM other o WHERE íÿÿÿo.id = k.id) FROM input i
