SELECT id FROM input WHERE v IN (SELECT id FROM other) OR EXISTS (SELECT 0 FROM other o WHERE o.id = +input.id)
