def run(boefje_meta):
    return [({"own/same"}, "one"), ({"own/same"}, "two"), ({"own/other"}, "three")]
