package carteiro.smtpd;

import carteiro.control.ControlFiles;
import carteiro.control.Settings;
import carteiro.control.TcpRules;
import carteiro.listen.ListenerRole.RoleWord;
import carteiro.mail.Octets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Who may log in, and how (RFC 4954). At a listener for submission everybody may, over TLS. Elsewhere those may for whom
 * control/tcp.smtp, or tcpserver, sets SMTPAUTH: over TLS alone if its value is TLSREQUIRED.
 *
 * @param mechanisms those that control/authmechanisms names
 */
record LoginOffer(Set<LoginMechanism> mechanisms) {
    private static final String TLS_REQUIRED = "TLSREQUIRED";

    /** Copies the set, in the order of the enum. */
    LoginOffer {
        mechanisms = mechanisms.isEmpty() ? Set.of() : EnumSet.copyOf(mechanisms);
    }

    /** How a client says who it is (RFC 4422). */
    enum LoginMechanism {
        /** RFC 4616: name and password at once. */
        PLAIN,
        /** Name and password, one after the other; in no RFC, and in every mail program. */
        LOGIN,
        /** RFC 7677: the password is proved and not said; with TLS also as SCRAM-SHA-256-PLUS, bound to the connection. */
        SCRAM_SHA_256,
        /** RFC 5802: the same with an older hash. */
        SCRAM_SHA_1;

        private static final Set<LoginMechanism> STANDARD = EnumSet.of(PLAIN, LOGIN);

        /** Its name in the protocol. */
        String keyword() {
            return name().replace('_', '-');
        }

        /** Whether it is proved without being said, and can be bound to a connection. */
        boolean isScram() {
            return this == SCRAM_SHA_256 || this == SCRAM_SHA_1;
        }
    }

    /**
     * A mechanism as a client names it.
     *
     * @param plus whether it is bound to the TLS connection
     */
    record NamedMechanism(LoginMechanism mechanism, boolean plus) {
        String keyword() {
            return mechanism.keyword() + (plus ? "-PLUS" : "");
        }
    }

    /** Whether a client may log in. */
    enum Availability {
        /** It may. */
        NOW,
        /** Once there is TLS. */
        AFTER_TLS,
        /** Not here. */
        NEVER
    }

    /** Reads the mechanisms; a name that is none is noted. */
    static LoginOffer read(ControlFiles files) {
        var mechanisms = EnumSet.noneOf(LoginMechanism.class);
        files.numbered(Settings.AUTHMECHANISMS).forEach((number, line) -> {
            try {
                mechanisms.add(LoginMechanism.valueOf(
                        line.strip().toUpperCase(Locale.ROOT).replace('-', '_')));
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
        return new LoginOffer(files.isThere(Settings.AUTHMECHANISMS) ? mechanisms : LoginMechanism.STANDARD);
    }

    /** Whether this one may log in as it is now. */
    Availability to(Peer peer) {
        String variable = peer.client().variables().get(TcpRules.SMTPAUTH);
        if (mechanisms.isEmpty() || variable == null && !peer.role().has(RoleWord.SUBMISSION)) {
            return Availability.NEVER;
        }
        boolean inTheClear = variable != null && !variable.equals(TLS_REQUIRED);
        return inTheClear || peer.cipher().isPresent() ? Availability.NOW : Availability.AFTER_TLS;
    }

    /** Those that a client may use; over TLS those of SCRAM in both forms. */
    List<NamedMechanism> named(Peer peer) {
        var named = new ArrayList<NamedMechanism>();
        for (LoginMechanism mechanism : mechanisms) {
            if (mechanism.isScram() && peer.cipher().isPresent()) {
                named.add(new NamedMechanism(mechanism, true));
            }
            named.add(new NamedMechanism(mechanism, false));
        }
        return named;
    }

    /** As in the answer to EHLO. */
    String line(Peer peer) {
        return "AUTH " + named(peer).stream().map(NamedMechanism::keyword).collect(Collectors.joining(" "));
    }

    /** Whether any is announced that is bound to the connection. */
    boolean bindsTo(Peer peer) {
        return named(peer).stream().anyMatch(NamedMechanism::plus);
    }
}
