SELECT wndi_wostartEC(((((((((((((JSON_‹()( ((D(´×‹ŒÖ¤i((((ÿÿÿ((((((ndw_end, k
