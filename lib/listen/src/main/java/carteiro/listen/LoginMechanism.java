package carteiro.listen;

import carteiro.control.ControlFiles;
import carteiro.control.Settings;
import carteiro.mail.Octets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** How a client says who it is (RFC 4422). */
public enum LoginMechanism {
    /** RFC 4616: name and password at once. */
    PLAIN,
    /** Name and password, one after the other; in no RFC, and in every mail program. */
    LOGIN,
    /** RFC 7677: the password is proved and not said; with TLS also as SCRAM-SHA-256-PLUS, bound to the connection. */
    SCRAM_SHA_256,
    /** RFC 5802: the same with an older hash. */
    SCRAM_SHA_1,
    /** RFC 4422 appendix A: the certificate that the client has shown says who it is. For sending alone. */
    EXTERNAL,
    /** RFC 7628: a bearer token of an identity provider (RFC 6750) in place of a password; over TLS alone. */
    OAUTHBEARER,
    /** The same in the older form of Google's. */
    XOAUTH2;

    private static final Set<LoginMechanism> STANDARD = EnumSet.of(PLAIN, LOGIN);

    /** Its name in the protocol. */
    public String keyword() {
        return name().replace('_', '-');
    }

    /** Whether it is proved without being said, and can be bound to a connection. */
    public boolean isScram() {
        return this == SCRAM_SHA_256 || this == SCRAM_SHA_1;
    }

    /** Whether it sends a bearer token, which over TLS alone stays a secret, whatever else is allowed. */
    public boolean isToken() {
        return this == OAUTHBEARER || this == XOAUTH2;
    }

    /**
     * A mechanism as a client names it.
     *
     * @param plus whether it is bound to the TLS connection
     */
    public record NamedMechanism(LoginMechanism mechanism, boolean plus) {
        /** Its name in the protocol. */
        public String keyword() {
            return mechanism.keyword() + (plus ? "-PLUS" : "");
        }
    }

    /** Those that control/authmechanisms names; a name that is none is noted. */
    public static Set<LoginMechanism> read(ControlFiles files) {
        var mechanisms = EnumSet.noneOf(LoginMechanism.class);
        files.numbered(Settings.AUTHMECHANISMS).forEach((number, line) -> {
            try {
                mechanisms.add(valueOf(line.strip().toUpperCase(Locale.ROOT).replace('-', '_')));
            } catch (IllegalArgumentException e) {
                files.problem(
                        Settings.AUTHMECHANISMS,
                        number,
                        "\"" + line + "\" is none of "
                                + EnumSet.allOf(LoginMechanism.class).stream()
                                        .map(each -> Octets.lowerCase(each.keyword()))
                                        .collect(Collectors.joining(", ")));
            }
        });
        return files.isThere(Settings.AUTHMECHANISMS) ? mechanisms : STANDARD;
    }

    /** What a client may use of them, but for EXTERNAL, which needs its certificate: over TLS those of SCRAM in both forms, and tokens. */
    public static List<NamedMechanism> named(Set<LoginMechanism> mechanisms, boolean overTls) {
        var named = new ArrayList<NamedMechanism>();
        for (LoginMechanism mechanism : mechanisms) {
            if (mechanism == EXTERNAL || mechanism.isToken() && !overTls) {
                continue;
            }
            if (mechanism.isScram() && overTls) {
                named.add(new NamedMechanism(mechanism, true));
            }
            named.add(new NamedMechanism(mechanism, false));
        }
        return named;
    }
}
