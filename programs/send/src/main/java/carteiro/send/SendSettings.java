package carteiro.send;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.DomainTable;
import carteiro.control.Installation;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import java.util.Map;
import java.util.Optional;

/**
 * send's control files.
 *
 * @param local how much runs at once to local
 * @param remote how much runs at once to remote
 * @param destinationLimits what single remote destinations may have; control/destinationlimits
 * @param lifetime seconds after which a pass is the last; control/queuelifetime
 * @param bounceFrom control/bouncefrom at control/bouncehost
 * @param bounceHost control/bouncehost
 * @param doubleBounceTo where double bounces go; empty if they are discarded
 * @param bounceMaxBytes octets of the original in a bounce; control/bouncemaxbytes; 0 for all
 */
record SendSettings(
        ChannelLimits local,
        ChannelLimits remote,
        DomainTable<DestinationLimit> destinationLimits,
        long lifetime,
        Address bounceFrom,
        String bounceHost,
        Optional<Address> doubleBounceTo,
        long bounceMaxBytes) {
    /**
     * One channel's limits.
     *
     * @param concurrency deliveries at once; 0 holds the channel
     * @param perDestination of them to one destination, at least 1
     * @param retries when deferred recipients are tried again
     */
    record ChannelLimits(int concurrency, int perDestination, RetryTimes retries) {
        /**
         * What one destination may use if no control file says so: three quarters, so that a slow one never holds every
         * slot.
         */
        static int usualShare(int concurrency) {
            return Math.max(1, concurrency - Math.max(1, concurrency / 4));
        }
    }

    /** @throws ControlException naming every problem */
    static SendSettings read(Installation installation) throws ControlException {
        var files = new ControlFiles(installation);
        RetryTimes[] retries = retrySchedule(files);
        ChannelLimits local = limits(files, "concurrencylocal", "concurrencyperuser", retries[0]);
        ChannelLimits remote = limits(files, "concurrencyremote", "concurrencyperhost", retries[1]);
        DomainTable<DestinationLimit> limits = DestinationLimit.read(files);
        long lifetime = files.number("queuelifetime");
        String bounceHost = files.value("bouncehost");
        Address from = address(files, "bouncefrom", files.value("bouncefrom"), bounceHost);
        String doubleBounceTo = files.value("doublebounceto");
        Optional<Address> doubleBounce = doubleBounceTo.isEmpty()
                ? Optional.empty()
                : Optional.of(address(files, "doublebounceto", doubleBounceTo, files.value("doublebouncehost")));
        long bounceMaxBytes = files.number("bouncemaxbytes");
        files.check();
        return new SendSettings(local, remote, limits, lifetime, from, bounceHost, doubleBounce, bounceMaxBytes);
    }

    private static ChannelLimits limits(ControlFiles files, String file, String shareFile, RetryTimes retries) {
        int concurrency = (int) files.number(file);
        int share = (int) files.number(shareFile, ChannelLimits.usualShare(concurrency));
        return new ChannelLimits(concurrency, Math.max(1, Math.min(share, concurrency)), retries);
    }

    private static Address address(ControlFiles files, String file, String local, String host) {
        try {
            return new Address(local + "@" + host);
        } catch (IllegalArgumentException e) {
            files.problem(file, 1, "makes no address with its host: " + e.getMessage());
            return Address.NULL;
        }
    }

    /** {@code local:SECONDS ...} and {@code remote:SECONDS ...}: ages at which to try again; else qmail's formula. */
    private static RetryTimes[] retrySchedule(ControlFiles files) {
        RetryTimes[] retries = {new RetryTimes.Squares(10), new RetryTimes.Squares(20)};
        for (Map.Entry<Integer, String> entry : files.numbered("retryschedule").entrySet()) {
            String line = entry.getValue();
            int colon = line.indexOf(':');
            String channel = colon < 0 ? "" : Octets.lowerCase(line.substring(0, colon));
            if (!channel.equals("local") && !channel.equals("remote")) {
                files.problem(
                        "retryschedule",
                        entry.getKey(),
                        "\"" + line + "\" begins with neither local: nor remote:; write such as remote:300 900 3600");
                continue;
            }
            try {
                String[] words = line.substring(colon + 1).trim().split("\\s+");
                long[] ages = new long[words.length];
                for (int i = 0; i < words.length; i++) {
                    ages[i] = Long.parseLong(words[i]);
                }
                retries[channel.equals("local") ? 0 : 1] = new RetryTimes.Ages(ages);
            } catch (IllegalArgumentException e) {
                files.problem(
                        "retryschedule",
                        entry.getKey(),
                        "\"" + line + "\" is not a list of ascending seconds from 1 to " + RetryTimes.Ages.MOST
                                + "; write such as " + channel + ":300 900 3600");
            }
        }
        return retries;
    }
}
