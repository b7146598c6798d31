package dev.flynn.router.telemetry;

/** How the access log's lines look. */
public enum AccessLogFormat {
    /** An object of JSON. */
    JSON {
        @Override
        public String line(AccessEntry entry) {
            return entry.json();
        }

        @Override
        String dropped(long lines) {
            return "{\"dropped\":" + lines + "}";
        }
    },
    /** The combined log format of web servers. */
    COMBINED {
        @Override
        public String line(AccessEntry entry) {
            return entry.combined();
        }

        @Override
        String dropped(long lines) {
            return "# " + lines + " lines were dropped";
        }
    };

    public abstract String line(AccessEntry entry);

    abstract String dropped(long lines);
}
