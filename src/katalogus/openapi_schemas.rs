//! The schemas that have names in the OpenAPI document, under the names that the original gives
//! them, because generated clients have types called so.

use crate::Generation;
use crate::json::{Json, Object};
use crate::openapi_shape::Need::{Else, May, Must};
use crate::openapi_shape::Shape::{
    Any, Choice, Date, Fixed, Integer, List, Maybe, Named, Set, Text, Texts, Truth, Url,
};
use crate::openapi_shape::{Member, PROBLEM, Shape, schema};

/// The named schemas of a generation.
pub(crate) fn schemas(generation: Generation) -> Json {
    let rows: &[(&str, &[&[Member]])] = match generation {
        Generation::V1_15 => &[
            ("Organisation", &[ORGANISATION]),
            ("Repository", &[REPOSITORY]),
            ("Boefje", &[OLD_HEAD, DISABLED, BOEFJE, OLD_BOEFJE]),
            ("Normalizer", &[OLD_HEAD, NORMALIZER]),
            ("Bit", &[OLD_HEAD, BIT]),
            ("PluginState", &[STATE]),
        ],
        Generation::V1_20 => &[
            ("Organisation", &[ORGANISATION, DEDUPLICATE]),
            ("Boefje", &[HEAD, DISABLED, STATIC, BOEFJE, SCHEDULE, IMAGE, DEDUPLICATE]),
            ("Normalizer", &[HEAD, STATIC, NORMALIZER]),
            ("Bit", &[HEAD, STATIC, BIT]),
            ("BoefjeIn", &[NAME, CHANGES, LEVEL, SETS, SCHEDULE, IMAGE_IN]),
            ("NormalizerIn", &[NAME, CHANGES, LISTS]),
            ("PluginState", &[STATE]),
            ("BoefjeConfig", &[CONFIG]),
        ],
    };
    let rows = rows.iter().chain(SHARED);
    let mut schemas: Object =
        rows.map(|(name, parts)| ((*name).to_owned(), schema(name, parts))).collect();
    if generation == Generation::V1_20 {
        schemas.insert("RunOn", Choice(&["create", "update"]).schema());
    }
    schemas.into()
}

const ORGANISATION: &[Member] = &[("id", Text, Must), ("name", Text, Must)];

const DEDUPLICATE: &[Member] = &[("deduplicate", Truth, Else("true"))];

const REPOSITORY: &[Member] = &[("id", Text, Must), ("name", Text, Must), ("base_url", Url, Must)];

const OLD_HEAD: &[Member] = &[
    ("id", Text, Must),
    ("repository_id", Text, Else("\"LOCAL\"")),
    ("name", Maybe(&Text), May),
    ("version", Maybe(&Text), May),
    ("authors", Maybe(&Texts), May),
    ("created", Maybe(&Date), May),
    ("description", Maybe(&Text), May),
    ("environment_keys", Texts, May),
    ("related", Maybe(&Texts), May),
];

const HEAD: &[Member] = &[
    ("id", Text, Must),
    ("name", Text, Must),
    ("version", Maybe(&Text), May),
    ("created", Maybe(&Date), May),
    ("description", Maybe(&Text), May),
];

const NAME: &[Member] = &[("name", Maybe(&Text), May)];

const CHANGES: &[Member] = &[
    ("version", Maybe(&Text), May),
    ("created", Maybe(&Date), May),
    ("description", Maybe(&Text), May),
];

const DISABLED: &[Member] = &[("enabled", Truth, Else("false"))];

const STATIC: &[Member] = &[("static", Truth, Else("true"))];

const LEVEL: &[Member] = &[("scan_level", Integer, Else("1"))];

const SETS: &[Member] = &[("consumes", Set, May), ("produces", Set, May)];

const LISTS: &[Member] = &[("consumes", Texts, May), ("produces", Texts, May)];

const BOEFJE: &[Member] = &[
    ("type", Fixed("boefje"), Else("\"boefje\"")),
    ("scan_level", Integer, Else("1")),
    ("consumes", Set, May),
    ("produces", Set, May),
];

const OLD_BOEFJE: &[Member] = &[
    ("options", Maybe(&Texts), May),
    ("runnable_hash", Maybe(&Text), May),
    ("oci_image", Maybe(&Text), May),
];

const SCHEDULE: &[Member] = &[
    ("boefje_schema", Maybe(&Shape::Object), May),
    ("cron", Maybe(&Text), May),
    ("interval", Maybe(&Integer), May),
    ("run_on", Maybe(&List(&Named("RunOn"))), May),
];

const IMAGE: &[Member] = &[
    ("runnable_hash", Maybe(&Text), May),
    ("oci_image", Maybe(&Text), May),
    ("oci_arguments", Texts, May),
];

const IMAGE_IN: &[Member] = &[("oci_image", Maybe(&Text), May), ("oci_arguments", Texts, May)];

const NORMALIZER: &[Member] = &[
    ("enabled", Truth, Else("true")),
    ("type", Fixed("normalizer"), Else("\"normalizer\"")),
    ("consumes", Texts, May),
    ("produces", Texts, May),
];

const BIT: &[Member] = &[
    ("enabled", Truth, Else("true")),
    ("type", Fixed("bit"), Else("\"bit\"")),
    ("consumes", Text, Must),
    ("produces", Texts, Must),
    ("parameters", Texts, Must),
];

const STATE: &[Member] = &[("enabled", Truth, Else("false"))];

const CONFIG: &[Member] = &[
    ("id", Integer, Must),
    ("settings", Shape::Object, Must),
    ("enabled", Truth, Must),
    ("boefje_id", Text, Must),
    ("organisation_id", Text, Must),
    ("duplicates", List(&Named("BoefjeConfig")), May),
];

const HEALTH: &[Member] = &[
    ("service", Text, Must),
    ("healthy", Truth, Else("false")),
    ("version", Maybe(&Text), May),
    ("additional", Any, May),
    ("results", List(&Named("ServiceHealth")), May),
];

/// What both generations have.
const SHARED: &[(&str, &[&[Member]])] = &[
    ("Setting", &[&[("value", Any, Must)]]),
    ("ServiceHealth", &[HEALTH]),
    ("Message", &[&[("message", Text, Must)]]),
    ("Detail", &[&[("detail", Text, Must)]]),
    ("HTTPValidationError", &[&[("detail", List(&Named("ValidationError")), Must)]]),
    ("ValidationError", &[PROBLEM]),
];
