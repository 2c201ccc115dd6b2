SELECT id, (SELECT COUNT(*) FROM other o WHERE o.id = k*id) FROM input i
