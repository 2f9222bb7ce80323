package carteiro.smtpd;

import carteiro.control.ControlFiles;
import carteiro.control.TcpRules;
import carteiro.listen.ListenerRole.RoleWord;
import carteiro.listen.LoginMechanism;
import carteiro.listen.LoginMechanism.NamedMechanism;
import carteiro.listen.SaslLogin.LoginRefusal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    private static final Map<LoginRefusal, Reply> REFUSALS = Map.of(
            LoginRefusal.WRONG, PolicyRule.LOGIN.reply(535, "5.7.8 wrong name or password"),
            LoginRefusal.WRONG_TOKEN, PolicyRule.LOGIN.reply(535, "5.7.8 the token is not accepted"),
            LoginRefusal.BLOCKED,
                    PolicyRule.LOGIN_FAILURES.reply(454, "4.7.0 too many wrong passwords, try again later"),
            LoginRefusal.CANNOT_TELL,
                    PolicyRule.LOGIN_UNDECIDED.reply(454, "4.7.0 logins are not possible now, try again later"),
            LoginRefusal.NOT_BASE64, PolicyRule.COMMAND.reply(501, "5.5.2 this is no base64"),
            LoginRefusal.MALFORMED, PolicyRule.COMMAND.reply(501, "5.5.2 this is no message of the mechanism"),
            LoginRefusal.CANCELLED, PolicyRule.COMMAND.reply(501, "5.7.0 login cancelled"));
    private static final Reply EHLO_FIRST = PolicyRule.COMMAND_ORDER.reply(503, "5.5.1 EHLO first");

    /** Copies the set, in the order of the enum. */
    LoginOffer {
        mechanisms = mechanisms.isEmpty() ? Set.of() : EnumSet.copyOf(mechanisms);
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
        return new LoginOffer(LoginMechanism.read(files));
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

    /** What a client is told whose login is refused (RFC 4954 section 6). */
    static Reply reply(LoginRefusal refusal) {
        return Objects.requireNonNull(REFUSALS.get(refusal));
    }

    /** Whether this one may log in as it is now. */
    Availability to(Peer peer) {
        String variable = peer.client().variables().get(TcpRules.SMTPAUTH);
        if (mechanisms.isEmpty() || variable == null && !peer.role().has(RoleWord.SUBMISSION)) {
            return Availability.NEVER;
        }
        boolean inTheClear = variable != null
                && !variable.equals(TLS_REQUIRED)
                && !LoginMechanism.named(mechanisms, false).isEmpty();
        return inTheClear || peer.cipher().isPresent() ? Availability.NOW : Availability.AFTER_TLS;
    }

    /** Those that a client may use. */
    List<NamedMechanism> named(Peer peer) {
        var named =
                new ArrayList<>(LoginMechanism.named(mechanisms, peer.cipher().isPresent()));
        if (mechanisms.contains(LoginMechanism.EXTERNAL) && peer.certified().isPresent()) {
            named.add(new NamedMechanism(LoginMechanism.EXTERNAL, false));
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
