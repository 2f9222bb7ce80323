package carteiro.lookup;

import carteiro.control.ControlFiles;
import carteiro.control.Settings;
import carteiro.idna.DomainName;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What control/loginsenders gives to accounts besides what is their own: addresses, and whole domains. */
final class LoginSenders {
    private final Map<String, Set<String>>
            given; // by account in lower case; keys of addresses, and of domains behind an @

    private LoginSenders(Map<String, Set<String>> given) {
        this.given = given;
    }

    /** Lines {@code account:address} and {@code account:@domain}; an account may have several. */
    static LoginSenders read(ControlFiles files) {
        var given = new HashMap<String, Set<String>>();
        files.numbered(Settings.LOGINSENDERS).forEach((number, line) -> {
            int colon = line.lastIndexOf(':');
            String account = colon < 0 ? "" : line.substring(0, colon).strip();
            String address = line.substring(colon + 1).strip();
            int at = address.lastIndexOf('@');
            if (account.isEmpty() || at < 0 || at == address.length() - 1) {
                files.problem(
                        Settings.LOGINSENDERS,
                        number,
                        "\"" + line + "\" is not account:address or account:@domain; write, for example,"
                                + " ann:sales@example.org");
            } else {
                given.computeIfAbsent(Octets.lowerCase(account), _ -> new HashSet<>())
                        .add(key(address));
            }
        });
        return new LoginSenders(given);
    }

    private static String key(String address) {
        return address.startsWith("@")
                ? "@" + DomainName.key(address.substring(1))
                : DomainName.addressKey(Octets.lowerCase(address));
    }

    boolean allow(String account, Address address) {
        Set<String> own = given.get(Octets.lowerCase(account));
        return own != null
                && address.hasDomain()
                && (own.contains("@" + DomainName.key(address.domain())) || own.contains(key(address.octets())));
    }
}
