package carteiro.remote;

import carteiro.control.ControlFiles;
import carteiro.control.DomainTable;
import carteiro.control.Settings;
import java.util.LinkedHashMap;

/** Whether the connection to a domain's next hop is encrypted: control/tlsremote. */
enum TlsPolicy {
    /** Never. */
    NONE,
    /** When the next hop offers it; in clear when that fails. */
    MAY,
    /** Always; without it the message waits. */
    REQUIRE,
    /** Always, and the certificate is of the host's name and leads to an authority; else the message waits. */
    VERIFY;

    /** Whether the message waits where there is no TLS. */
    boolean isStrict() {
        return this == REQUIRE || this == VERIFY;
    }

    /** Reads control/tlsremote. */
    static DomainTable<TlsPolicy> read(ControlFiles files) {
        var policies = new LinkedHashMap<String, TlsPolicy>();
        files.pairs(Settings.TLSREMOTE).forEach((number, pair) -> {
            String domain = pair.getKey();
            switch (pair.getValue().strip()) {
                case "none" -> policies.putLast(domain, NONE);
                case "may" -> policies.putLast(domain, MAY);
                case "require" -> policies.putLast(domain, REQUIRE);
                case "verify" -> policies.putLast(domain, VERIFY);
                default ->
                    files.problem(
                            Settings.TLSREMOTE,
                            number,
                            "\"" + pair.getValue() + "\" is not one of none, may, require, verify");
            }
        });
        return new DomainTable<>(policies);
    }
}
