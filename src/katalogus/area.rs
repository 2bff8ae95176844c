//! What a path is about: what is counted together, and what is open to everybody.

/// The areas that requests are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    Health,
    Metrics,
    Documentation,
    OpenApi,
    Organisations,
    Repositories,
    Plugins,
    Settings,
    Configs,
    Other,
}

impl Area {
    /// Every area with its name.
    pub(crate) const ALL: [(Self, &str); 10] = [
        (Self::Health, "health"),
        (Self::Metrics, "metrics"),
        (Self::Documentation, "documentation"),
        (Self::OpenApi, "openapi"),
        (Self::Organisations, "organisations"),
        (Self::Repositories, "repositories"),
        (Self::Plugins, "plugins"),
        (Self::Settings, "settings"),
        (Self::Configs, "configs"),
        (Self::Other, "other"),
    ];

    /// The area of a decoded path.
    pub(crate) fn of(path: &str) -> Self {
        match path {
            "/" | "/health" => return Self::Health,
            "/metrics" => return Self::Metrics,
            "/docs" | "/redoc" => return Self::Documentation,
            "/openapi.json" => return Self::OpenApi,
            _ => {}
        }
        let mut parts = path.split('/').skip(1).filter(|part| !part.is_empty());
        match (parts.next(), parts.next()) {
            (Some("v1"), Some("organisations")) => {}
            (Some("v1"), Some("configs")) => return Self::Configs,
            _ => return Self::Other,
        }
        let _organisation = parts.next();
        match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => Self::Organisations,
            (Some("repositories"), _, Some("plugins"))
            | (Some("plugins" | "boefjes" | "normalizers"), ..) => Self::Plugins,
            (Some("repositories"), ..) => Self::Repositories,
            (Some("settings"), ..) | (Some(_), Some("settings"), _) => Self::Settings,
            _ => Self::Other,
        }
    }

    /// Whether it needs no token: that the service is there and what can be asked, but nothing of
    /// what it holds. What is not known to be harmless needs one.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Health | Self::Metrics | Self::Documentation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_by_their_form() {
        for (path, area) in [
            ("/", Area::Health),
            ("/health", Area::Health),
            ("/health/", Area::Other),
            ("//health", Area::Other),
            ("/openapi.json", Area::OpenApi),
            ("/v1/", Area::Other),
            ("/v1/organisations", Area::Organisations),
            ("/v1/organisations/", Area::Organisations),
            ("/v1/organisations/health", Area::Organisations),
            ("/v1/organisations/a/repositories/r", Area::Repositories),
            ("/v1/organisations/a/repositories/r/plugins/p", Area::Plugins),
            ("/v1/organisations/a/plugins/p/cover.jpg", Area::Plugins),
            ("/v1/organisations/a/boefjes/p", Area::Plugins),
            ("/v1/organisations/a/p/settings", Area::Settings),
            ("/v1/organisations/a/settings/clone/b", Area::Settings),
            ("/v1/organisations/a/x", Area::Other),
            ("/v1/configs", Area::Configs),
            ("/v2/configs", Area::Other),
        ] {
            assert_eq!(Area::of(path), area, "{path}");
        }
    }

    #[test]
    fn every_area_stands_at_its_number() {
        for (index, (area, _)) in Area::ALL.iter().enumerate() {
            assert_eq!(*area as usize, index);
        }
    }
}
