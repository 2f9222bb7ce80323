package carteiro.listen;

import carteiro.control.ControlFiles;
import carteiro.control.IpAddressText;
import carteiro.control.Setting;
import carteiro.listen.ListenerRole.RoleWord;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Where to listen.
 *
 * @param text the address as it was written
 * @param address port 0 for any free one
 * @param role what is special there
 */
public record ListenAddress(String text, InetSocketAddress address, ListenerRole role) {
    /**
     * Reads {@code 127.0.0.1:2525}, {@code [::]:25} or {@code [::]:465 submission tls}; empty if it is none of them.
     *
     * @param known the words that may stand behind the address
     */
    public static Optional<ListenAddress> parse(String line, Set<RoleWord> known) {
        List<String> words = List.of(line.split("[ \t]+"));
        String text = words.getFirst();
        return ListenerRole.parse(words.subList(1, words.size()), known)
                .flatMap(role -> IpAddressText.withPort(text).map(address -> new ListenAddress(text, address, role)));
    }

    /**
     * Reads a list of them; comments and empty lines are left out, and an address that {@link #takenBy another} takes too.
     *
     * @param setting the control file; what is wrong in it is noted as a problem
     * @param known the words that may stand behind an address
     * @param example one or two addresses to write, for a problem
     * @return empty if there is no file
     */
    public static Optional<List<ListenAddress>> read(
            ControlFiles files, Setting<?> setting, Set<RoleWord> known, String example) {
        return files.text(setting).map(text -> {
            var addresses = new ArrayList<ListenAddress>();
            int number = 0;
            for (String line : text.split("\n")) {
                number++;
                int at = number;
                String trimmed = line.strip();
                if (!trimmed.isEmpty() && trimmed.charAt(0) != '#') {
                    Optional<ListenAddress> address = ListenAddress.parse(trimmed, known);
                    if (address.isEmpty()) {
                        files.problem(
                                setting,
                                number,
                                "\"" + trimmed + "\" is no address and port; write such as " + example
                                        + ", and behind it what applies of "
                                        + known.stream()
                                                .sorted()
                                                .map(RoleWord::toString)
                                                .collect(Collectors.joining(", ")));
                    }
                    address.ifPresent(added -> {
                        addresses.stream()
                                .filter(added::contradicts)
                                .findFirst()
                                .ifPresent(other -> {
                                    String by = other.text().equals(added.text()) ? "" : " by " + other.text();
                                    files.problem(
                                            setting,
                                            at,
                                            added.text() + " is there already" + by
                                                    + ", and one port has the same words behind it everywhere");
                                });
                        addresses.add(added);
                    });
                }
            }
            return addresses.stream()
                    .filter(address -> addresses.stream().noneMatch(address::takenBy))
                    .toList();
        });
    }

    /** Whether this is every IPv4 address, and the other is every IPv6 address, which takes IPv4 too, at its port. */
    public boolean takenBy(ListenAddress other) {
        return address.getAddress() instanceof Inet4Address here
                && here.isAnyLocalAddress()
                && other.address.getAddress() instanceof Inet6Address there
                && there.isAnyLocalAddress()
                && other.address.getPort() == address.getPort()
                && address.getPort() != 0;
    }

    /** Whether both are one port, and have not the same role. */
    public boolean contradicts(ListenAddress other) {
        return !role.equals(other.role)
                && (text.equals(other.text)
                        || address.equals(other.address) && address.getPort() != 0 // [::]:465 and [0::0]:465
                        || takenBy(other)
                        || other.takenBy(this));
    }

    /** An address and port in the same form. */
    public static String form(InetAddress address, int port) {
        String ip = Client.text(address);
        return (ip.indexOf(':') >= 0 ? "[" + ip + "]" : ip) + ":" + port;
    }
}
