SELECT id, (SELECT COUNT(*) FROM other o WHERE o.id = i.id) FROM input i
