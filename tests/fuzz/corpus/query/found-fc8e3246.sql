SELECT id, (SELECT CSETÏUN,id = i.id) FROM input i
