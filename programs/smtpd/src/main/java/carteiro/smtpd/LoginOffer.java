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
    private static final Reply NO_LOGIN = PolicyRule.COMMAND.reply(502, "5.5.1 logins are not offered here");
    private static final Reply LOGIN_NEEDS_TLS = PolicyRule.LOGIN_TLS.reply(538, "5.7.11 STARTTLS first");
    private static final Reply NO_SUCH_MECHANISM =
            PolicyRule.COMMAND.reply(504, "5.5.4 mechanism not known, or not offered here");
    private static final Reply LOGIN_ALREADY = PolicyRule.COMMAND_ORDER.reply(503, "5.5.1 logged in already");
    private static final Reply NO_LOGIN_WITHIN = PolicyRule.COMMAND_ORDER.reply(503, "5.5.1 not within a message");
    private static final Reply EHLO_FIRST = PolicyRule.COMMAND_ORDER.reply(503, "5.5.1 EHLO first");

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

    /** What is answered to AUTH before the exchange. */
    sealed interface LoginPermission {
        /** It begins. */
        record LoginPermitted(NamedMechanism mechanism) implements LoginPermission {}

        /** It does not. */
        record LoginRefused(Reply reply) implements LoginPermission {}
    }

    /**
     * Whether AUTH may come now, and with that mechanism (RFC 4954 section 4).
     *
     * @param mechanism as the client wrote it, in upper case
     * @param extended whether it has greeted by EHLO
     * @param inTransaction whether it has begun a message
     */
    LoginPermission permission(Peer peer, String mechanism, boolean extended, boolean inTransaction) {
        Availability availability = to(peer);
        if (availability != Availability.NOW) {
            return new LoginPermission.LoginRefused(availability == Availability.NEVER ? NO_LOGIN : LOGIN_NEEDS_TLS);
        }
        if (!extended) {
            return new LoginPermission.LoginRefused(EHLO_FIRST);
        }
        if (peer.rights().login().isPresent()) {
            return new LoginPermission.LoginRefused(LOGIN_ALREADY);
        }
        if (inTransaction) {
            return new LoginPermission.LoginRefused(NO_LOGIN_WITHIN);
        }
        return named(peer).stream()
                .filter(each -> each.keyword().equals(mechanism))
                .findFirst()
                .<LoginPermission>map(LoginPermission.LoginPermitted::new)
                .orElseGet(() -> new LoginPermission.LoginRefused(NO_SUCH_MECHANISM));
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
